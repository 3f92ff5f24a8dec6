"""What is measured of a running mode, through its endpoints alone: a module for each subject."""
