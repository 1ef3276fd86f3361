"""What a trained network looks at: heat maps, and a process that answers the app's questions."""
