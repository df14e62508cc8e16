"""What each type of report says: pure rules from costs, KPIs and reviews to a document."""
