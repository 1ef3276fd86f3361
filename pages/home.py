"""Home page: one thing to do first, what is going on, and the data that is here."""

import streamlit as st

from pages.components.context import open_page
from pages.home.activity import show_results, show_running
from pages.home.archives import show_archives
from pages.home.data_card import show_data
from pages.home.get_dataset import show_get_dataset
from pages.home.hero import show_hero, show_images

context = open_page("Home")
words, light_box = st.columns([5, 8], gap="medium", vertical_alignment="center")
with words:
    show_hero()
show_archives()
cards = [
    column.container(border=True, height="stretch", gap="small")
    for column in st.columns(3, gap="medium")
]
with cards[0]:
    going_on = show_running()
with cards[1]:
    show_results(going_on)
with cards[2]:
    show_data(context.data)
show_get_dataset()
with light_box:  # last: a dataset that cannot be read ends the page, and the others stay in reach
    show_images(context)
