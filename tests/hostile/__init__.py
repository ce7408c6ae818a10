"""The cheapest known attacks, each with what it may cost: ``make hostile`` runs them."""
