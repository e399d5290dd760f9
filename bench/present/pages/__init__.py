"""Pages and decks: the report, the page to explore, lessons, profiles, differences, slides."""
