"""What stands between the world and the nodes: names and records alone, or a load balancer."""
