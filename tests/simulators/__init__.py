"""Real HTTP servers on loopback that speak as the sources of facts do, faults included."""
