"""JMeter's plans, the jars they run on, and what their results say."""
