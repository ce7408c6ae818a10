"""The cheapest known attacks, each with its bounds: ``make hostile`` runs them."""
