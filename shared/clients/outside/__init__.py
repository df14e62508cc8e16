"""Systems outside: listed hosts only, patient with trouble, bounded, exact."""
