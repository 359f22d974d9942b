"""The function as deployed: an ENI-created event comes in, a flow log comes out. Start at `main.main_handler`."""
