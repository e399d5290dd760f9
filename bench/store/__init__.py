"""What a run leaves behind: a journal while it measures, Parquet when it is sealed, and how either is read again."""
