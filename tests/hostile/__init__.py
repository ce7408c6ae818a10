"""The cheapest known attacks, with bounds on their costs; ``make hostile`` runs them."""
