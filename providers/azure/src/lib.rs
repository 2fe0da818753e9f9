//! The Azure provider of cloudgrant.
