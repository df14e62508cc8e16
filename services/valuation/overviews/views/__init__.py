"""Views of value: what solutions cost beside what they bring."""
