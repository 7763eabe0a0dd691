"""`make load`: JMeter plans, the jars they run on, steady clients meanwhile, and the verdict."""
