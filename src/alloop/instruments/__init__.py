"""What a file says: instrument files to property values; knows no database."""
