"""The course's nets in each framework, a module each, imported only where its framework is asked for."""
