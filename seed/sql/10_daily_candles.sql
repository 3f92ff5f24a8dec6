-- Daily candles, one row for each symbol and UTC day; the flow daily_candles writes them.
-- Applied as the owner, as often as one likes.
CREATE SCHEMA IF NOT EXISTS lakehouse;

CREATE TABLE IF NOT EXISTS lakehouse.daily_candles (
    symbol       text             NOT NULL,
    day          date             NOT NULL,
    open         double precision NOT NULL,
    high         double precision NOT NULL,
    low          double precision NOT NULL,
    close        double precision NOT NULL,
    volume       double precision NOT NULL,
    quote_volume double precision,
    vwap         double precision,
    daily_return double precision,
    volatility   double precision,
    candles      integer          NOT NULL,
    PRIMARY KEY (symbol, day)
);

COMMENT ON COLUMN lakehouse.daily_candles.volume IS 'in units of the base asset';
COMMENT ON COLUMN lakehouse.daily_candles.quote_volume IS 'in units of the quote asset; null where a candle of the day has none';
COMMENT ON COLUMN lakehouse.daily_candles.vwap IS 'quote_volume / volume; null where either is missing or nothing was traded';
COMMENT ON COLUMN lakehouse.daily_candles.daily_return IS 'close / close of the day before - 1; null where the day before has no candles';
COMMENT ON COLUMN lakehouse.daily_candles.volatility IS 'sample standard deviation of the last daily returns, not annualised; null where one is missing';
COMMENT ON COLUMN lakehouse.daily_candles.candles IS 'how many candles made the row: fewer than usual is a day with a gap';

GRANT USAGE ON SCHEMA lakehouse TO lakehouse_reader;
GRANT SELECT ON ALL TABLES IN SCHEMA lakehouse TO lakehouse_reader;
ALTER DEFAULT PRIVILEGES IN SCHEMA lakehouse GRANT SELECT ON TABLES TO lakehouse_reader;
