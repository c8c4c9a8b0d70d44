"""The panels of the page; others bring theirs through the entry points lab_operator.panels."""
