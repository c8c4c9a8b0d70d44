"""The words of lab_core as messages and back, by what they are of; nothing else translates them."""
