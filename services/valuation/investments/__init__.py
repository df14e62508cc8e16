"""What money is spent on: initiatives, their promises and payments, judged and held to plan."""
