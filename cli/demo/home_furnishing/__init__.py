"""The demo of a furniture maker: its rows, its story and its published figures."""
