"""How to talk to a language model. Knows the providers' SDKs and nothing of Django, customers or tools."""
