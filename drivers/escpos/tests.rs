//! The driver against a printer on a scripted port.
