"""Geography: districts, circles, police stations and outposts as data, and the place of a pin or a name among them."""
