"""Requirements configuration.*, sheet.*, files.* and what the back office asks for."""
