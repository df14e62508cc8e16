"""One amount over many targets, exactly: by weights, between floors and caps."""
