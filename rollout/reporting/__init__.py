"""Pages of reports and flight records, and how they are written as Markdown and HTML."""
