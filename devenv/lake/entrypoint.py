"""Reads a flow's parameters out of its source, so that a deployment is checked without importing the flow."""

from __future__ import annotations

import ast
from typing import Any

from devenv.errors import LakeError
from devenv.lake.spec import DeploymentSpec, LakeSpec

_TYPES = {"str": "string", "int": "integer", "float": "number", "bool": "boolean"}


def parameter_schema(spec: LakeSpec, deployment: DeploymentSpec) -> dict[str, Any]:
    """The JSON schema of a flow's parameters.

    Raises LakeError where the file does not define the function, or the function has no such parameter.
    """
    file, _, name = deployment.entrypoint.partition(":")
    function = _function(spec, deployment, file, name)
    arguments = [*function.args.args, *function.args.kwonlyargs]
    defaults = [None] * (len(function.args.args) - len(function.args.defaults))
    values = [*defaults, *function.args.defaults, *function.args.kw_defaults]
    properties = {}
    required = []
    for position, (argument, value) in enumerate(zip(arguments, values, strict=True)):
        properties[argument.arg] = {"title": argument.arg, "position": position, **_type(argument.annotation)}
        if value is None:
            required.append(argument.arg)
        else:
            properties[argument.arg]["default"] = ast.literal_eval(value)
    for parameter in deployment.parameters:
        if parameter not in properties:
            raise LakeError(
                f"{spec.path}: deployments.{deployment.name}.parameters: {deployment.entrypoint} "
                f"has no parameter {parameter}",
                f"use one of {', '.join(properties) or 'none'}",
            )
    return {"title": "Parameters", "type": "object", "properties": properties, "required": required}


def _function(spec: LakeSpec, deployment: DeploymentSpec, file: str, name: str) -> ast.FunctionDef:
    path = spec.flows / file
    try:
        tree = ast.parse(path.read_bytes(), str(path))
    except (OSError, SyntaxError) as error:
        raise LakeError(f"{path}: {error}", "correct the flow's file") from None
    for node in tree.body:
        if isinstance(node, ast.FunctionDef) and node.name == name:
            return node
    raise LakeError(
        f"{spec.path}: deployments.{deployment.name}.entrypoint: {path} does not define {name}",
        "name one of its functions, after the colon",
    )


def _type(annotation: ast.expr | None) -> dict[str, Any]:
    """A schema for the annotations that flows use; anything else may hold anything."""
    if isinstance(annotation, ast.BinOp):
        return {"anyOf": [_type(annotation.left), _type(annotation.right)]}
    if isinstance(annotation, ast.Constant) and annotation.value is None:
        return {"type": "null"}
    if isinstance(annotation, ast.Name) and annotation.id in _TYPES:
        return {"type": _TYPES[annotation.id]}
    if isinstance(annotation, ast.Subscript) and ast.unparse(annotation.value) == "list":
        return {"type": "array", "items": _type(annotation.slice)}
    return {}
