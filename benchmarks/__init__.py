"""Measures the documentation's claims, together with other packages in one run."""
