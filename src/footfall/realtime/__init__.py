"""The live path: events of Kafka counted by Storm's bolts into HBase, and the questions that read them there."""
