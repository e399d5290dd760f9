"""The course, measurable: a module or package a family of examples, and `_course` for the nets and data they share."""
