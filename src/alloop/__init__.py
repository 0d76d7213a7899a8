"""alloop plans the next plate of solid-electrolyte experiments and learns from its results."""
