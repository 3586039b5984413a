"""Random InfluxQL, sent to varved and to a real influxd; see ../influxql_random.py."""
