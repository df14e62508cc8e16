"""Energy and carbon of a layer, from the measures of allocation's runs."""
