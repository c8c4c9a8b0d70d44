"""DDS security of a cell: who may say and hear what, and the keys and signed permissions for it."""
