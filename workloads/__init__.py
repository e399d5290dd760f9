"""The course, measurable: one module a family of examples, and `_course` for the net and the data they share."""
