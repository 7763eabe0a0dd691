"""`make load`: JMeter plans, their jars, steady clients that run at the same time, and the verdict."""
