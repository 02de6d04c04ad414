"""What requests and answers look like, by noun: shapes and plain limits; the rules behind them are the domain's."""
