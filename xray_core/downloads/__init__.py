"""Datasets from where they are published: from Kaggle, or file by file from their authors."""
