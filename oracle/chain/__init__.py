"""The chain through web3: contracts, sender, events, deployments."""
