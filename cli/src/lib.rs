//! Say once who may reach what, and make it true on the cloud of your choice.
