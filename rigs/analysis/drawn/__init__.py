"""The figures of the report page as SVG text, without matplotlib: what each shows, drawn at any width."""
