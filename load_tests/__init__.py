"""Load on a running chat room: JMeter plans (jmeter/) and figures beside their references (bench/)."""
