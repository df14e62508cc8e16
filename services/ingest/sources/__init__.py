"""Where facts are fetched from: sources, their syncs, one thin file per kind."""
