"""The actions of customers and tests: a verb and the state become changes. Pure."""
