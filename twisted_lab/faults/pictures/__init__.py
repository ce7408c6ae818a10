"""Pictures of what passed: SVG, and lines for a terminal."""
