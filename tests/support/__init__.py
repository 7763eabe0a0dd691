"""What tests of several folders share: stores, servers as processes, people who call the API, hostile texts."""
