"""Tables and texts: estimates, floors, gates, histories, profiles, certificates. Each is returned as a string."""
