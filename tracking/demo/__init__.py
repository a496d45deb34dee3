"""The demo data, one module per subject. Each record is looked for by its own key and made only where it is missing."""
