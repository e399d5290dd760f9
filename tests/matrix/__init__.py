"""The versions that coursebench is run with: environments outside of the checkout, and the table of what came out."""
