"""The programs of docs/guides: taken from their pages, served as the pages say, and met by a crowd of customers."""
