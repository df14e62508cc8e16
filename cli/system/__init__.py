"""All processes of a system on one machine: which they are, and who keeps them alive."""
