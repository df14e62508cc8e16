"""What objects cost over many months: the published runs of a stretch in one answer."""
